/** On a server there is no HTMLElement; importing the module must do no harm there. */
const Base =
  (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ?? (Object as unknown as typeof HTMLElement);

/** The properties of a media element that are its attributes (HTML 4.8.11). */
export class ReflectedAttributes extends Base {
  /** Absolute; empty without the attribute. */
  get src(): string {
    const src = this.getAttribute('src');
    return src ? new URL(src, this.baseURI).href : '';
  }
  set src(src: string) {
    this.setAttribute('src', src);
  }

  get preload(): '' | 'none' | 'metadata' | 'auto' {
    const asked = this.getAttribute('preload');
    return asked === 'none' || asked === 'auto' ? asked : 'metadata';
  }
  set preload(preload: '' | 'none' | 'metadata' | 'auto') {
    this.setAttribute('preload', preload);
  }

  get crossOrigin(): string | null {
    const asked = this.getAttribute('crossorigin');
    return asked === null ? null : asked.toLowerCase() === 'use-credentials' ? 'use-credentials' : 'anonymous';
  }
  set crossOrigin(mode: string | null) {
    if (mode === null) this.removeAttribute('crossorigin');
    else this.setAttribute('crossorigin', mode);
  }

  get autoplay(): boolean {
    return this.hasAttribute('autoplay');
  }
  set autoplay(autoplay: boolean) {
    this.toggleAttribute('autoplay', autoplay);
  }

  get loop(): boolean {
    return this.hasAttribute('loop');
  }
  set loop(loop: boolean) {
    this.toggleAttribute('loop', loop);
  }

  /** Whether it begins muted. */
  get defaultMuted(): boolean {
    return this.hasAttribute('muted');
  }
  set defaultMuted(muted: boolean) {
    this.toggleAttribute('muted', muted);
  }

  /** Whether its own controls are to be seen; they are unless `no-ui` or `controls="false"` hides them. */
  get controls(): boolean {
    return !this.hasAttribute('no-ui') && this.getAttribute('controls') !== 'false';
  }
  set controls(controls: boolean) {
    this.toggleAttribute('no-ui', !controls);
    if (controls && this.getAttribute('controls') === 'false') this.removeAttribute('controls');
  }
}
