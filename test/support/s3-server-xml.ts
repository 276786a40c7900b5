/** The first line of every XML document. */
export const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Text as it stands in XML. */
export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
