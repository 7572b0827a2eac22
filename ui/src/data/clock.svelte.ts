/** The time of the server, as far as its answers tell: a browser's own clock may be an hour wrong. */
class Clock {
  /** Milliseconds since the epoch, moved on every second while the page is seen. */
  now = $state(Date.now());
  /** When the server last answered anything. */
  heard = $state(0);
  #offset = 0;

  constructor() {
    setInterval(() => {
      if (document.visibilityState === "visible") this.now = this.exact();
    }, 1000);
    document.addEventListener("visibilitychange", () => (this.now = this.exact()));
  }

  exact(): number {
    return Date.now() + this.#offset;
  }

  /** Take the time that an answer carries; it has whole seconds, so less than two apart is the same. */
  correct(serverTime: number): void {
    if (Number.isNaN(serverTime)) return;
    const apart = serverTime - Date.now();
    if (Math.abs(apart - this.#offset) < 2_000) return;
    this.#offset = Math.abs(apart) < 2_000 ? 0 : apart;
    this.now = this.exact();
  }
}

export const clock = new Clock();
