/** Of several questions under way, only the newest is answered. */
export class Latest {
  #controller = new AbortController();

  /** Give up what is under way. */
  cancel() {
    this.#controller.abort();
  }

  /**
   * Give up what is under way and do this instead.
   *
   * @template Result
   * @param {(signal: AbortSignal) => Promise<Result>} work
   * @param {(result: Result) => void} done not called once something newer has begun
   * @param {(error: unknown) => void} failed neither is this
   */
  async run(work, done, failed) {
    this.cancel();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    let settle;
    try {
      const result = await work(signal);
      settle = () => done(result);
    } catch (error) {
      settle = () => failed(error);
    }
    if (!signal.aborted) settle();
  }
}
