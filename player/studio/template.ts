const icon = (path: string): string =>
  `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path class="line" d="${path}"/></svg>`;

/** The inside of the studio. `data-text` names a text of the dictionary, `data-name` that of a name; each class becomes a part. */
export const TEMPLATE = `
<form class="studio" novalidate>
  <div class="status">
    <span class="lamp"><span class="dot"></span><span class="state" role="status"></span></span>
    <span class="figures" hidden>
      <span class="figure time"><span class="caption" data-text="elapsed"></span> <span class="elapsed">0:00</span></span>
      <span class="figure audience"><span class="caption" data-text="listeners"></span> <span class="listeners">0</span></span>
    </span>
  </div>
  <div class="level-line">
    <div class="level" role="meter" data-name="level" aria-valuemin="-60" aria-valuemax="0" aria-valuenow="-60"><div class="loudness"></div><div class="peak"></div></div>
    <button class="button mute" type="button" aria-pressed="false">${icon('M9 4.5h6v8a3 3 0 0 1-6 0zM6 11.5a6 6 0 0 0 12 0M12 17.5V21')}${icon('M9 4.5h6v8a3 3 0 0 1-6 0zM6 11.5a6 6 0 0 0 12 0M12 17.5V21M4 4l16 16')}</button>
  </div>
  <fieldset class="choices">
    <legend class="caption" data-text="source"></legend>
    <label class="choice"><input type="radio" name="source" value="microphone" checked><span data-text="microphone"></span></label>
    <label class="choice"><input type="radio" name="source" value="file"><span data-text="file"></span></label>
    <select class="field device" data-name="device"><option value=""></option></select>
    <label class="field file" hidden><input class="picker" type="file" accept="audio/*,video/*"><span class="file-name"></span></label>
    <label class="row picture"><span class="caption" data-text="camera"></span><select class="field camera" data-name="camera"><option value=""></option></select></label>
  </fieldset>
  <video class="preview" data-name="preview" muted playsinline hidden></video>
  <label class="row"><span class="caption" data-text="title"></span><input class="field title" type="text" maxlength="200" autocomplete="off" dir="auto"></label>
  <label class="row secret"><span class="caption" data-text="token"></span><input class="field token" type="password" autocomplete="off" spellcheck="false" dir="ltr" aria-describedby="help"><span class="help caption" id="help" data-text="tokenHelp"></span></label>
  <div class="bottom">
    <button class="button go" type="submit"></button>
    <a class="link listen" target="_blank" rel="noopener" data-text="listen" hidden></a>
    <a class="link recording" target="_blank" rel="noopener" data-text="recording" hidden></a>
  </div>
  <p class="message" role="alert" dir="auto"></p>
</form>`;
