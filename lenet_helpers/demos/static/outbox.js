// Digits that wait until the server has them on its disk. What they need of a browser is handed in, so that Node can
// test them.

const PATIENCE_MS = [500, 1000, 2000, 4000, 8000]; // between tries; the last one for ever

// What may be otherwise the next time: no network, a server that is starting or busy, an address that is not its own.
const mayPass = (status) => !status || status === 403 || status === 408 || status === 429 || status >= 500;

export class Outbox {
  // `send` takes a digit and promises { status, body }, with status 0 where there is no network; `keep` stores the
  // list; `tell` hears what came of each try; `pause` promises to be done after so many milliseconds.
  constructor({ waiting = [], send, keep, tell, pause }) {
    Object.assign(this, { waiting: [...waiting], send, keep, tell, pause });
    this.running = null;
  }

  add(digit) {
    this.waiting.push(digit);
    this.keep(this.waiting);
    return this.run();
  }

  clear() {
    this.waiting = [];
    this.keep(this.waiting);
  }

  // Send all that waits, one after the other; a promise of the end.
  run() {
    this.running ??= this.sendAll().finally(() => (this.running = null));
    return this.running;
  }

  async sendAll() {
    for (let failed = 0; this.waiting.length; ) {
      const digit = this.waiting[0];
      const { status, body } = await this.send(digit);
      const kept = mayPass(status);
      if (!kept && this.waiting[0] === digit) {
        this.waiting.shift();
        this.keep(this.waiting);
      }
      failed = kept ? failed + 1 : 0;
      this.tell({ digit, status, body });
      if (kept) await this.pause(PATIENCE_MS[Math.min(failed, PATIENCE_MS.length) - 1]);
    }
  }
}
