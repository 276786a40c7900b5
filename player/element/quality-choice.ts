import type { PICTURE } from '../i18n/en-picture.ts';
import type { Deck, View } from './deck.ts';
import type { PictureDeck } from './picture.ts';

/** A choice between the qualities of a playlist, the best first; not to be seen when there is nothing to choose. */
export function createQualityChoice(
  { root, playback, language, host }: Pick<Deck, 'root' | 'playback' | 'language'> & Pick<PictureDeck, 'host'>,
  words: () => typeof PICTURE,
): View {
  const select = document.createElement('select');
  select.className = 'quality';
  select.part.add('quality');
  select.dataset['focus'] = 'choice';
  root.querySelector('.speed')?.after(select);
  select.addEventListener('change', () => playback.levels()?.choose(Number(select.value)));
  let shown = '';
  let told = '';

  return {
    render() {
      const levels = playback.levels();
      const list = levels?.list() ?? [];
      const { code } = language();
      const { quality, automatic, automaticNow } = words();
      select.hidden = list.length < 2;
      if (levels === null || list.length < 2) return;
      const [chosen, playing] = [levels.chosen(), levels.playing()];
      const names = namesOf(list, code);
      const now = chosen === -1 ? names[playing] : undefined;
      const auto = now === undefined ? automatic : automaticNow.replace('{quality}', now);
      const order = [...list.keys()].sort((a, b) => rank(list[b]) - rank(list[a]));
      const entries = [[-1, auto] as const, ...order.map((index) => [index, names[index] ?? ''] as const)];
      const seen = JSON.stringify([entries, chosen]);
      select.ariaLabel = quality;
      if (seen !== shown)
        select.replaceChildren(
          ...entries.map(([index, name]) => new Option(name, String(index), false, index === chosen)),
        );
      shown = seen;
      const news = `${chosen} ${playing}`;
      if (told !== '' && told !== news) host.dispatchEvent(new Event('qualitychange'));
      told = news;
    },
  };
}

interface Level {
  readonly height: number;
  readonly bitrate: number;
}

const rank = (level: Level | undefined): number => (level?.height ?? 0) * 1e10 + (level?.bitrate ?? 0);

/** Heights, with what tells two of the same height apart; sound alone is told by its bitrate. */
function namesOf(list: readonly Level[], code: string): readonly string[] {
  return list.map(({ height, bitrate }) => {
    const speed = Math.round(bitrate / 1000).toLocaleString(code, { style: 'unit', unit: 'kilobit-per-second' });
    if (height === 0) return speed;
    return list.filter((other) => other.height === height).length > 1 ? `${height}p, ${speed}` : `${height}p`;
  });
}
