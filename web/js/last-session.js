/**
 * The session of this tab, so that a reloaded page can go on with it. It is kept in sessionStorage, which
 * is the tab's own and ends with it; what was said is not in it.
 *
 * @typedef {{session: string, key: string, language: string|null, task: string, at: number}} Kept
 *   `at`: when it began, as of Date.now()
 */
const NAME = "last-session";

export class LastSession {
  /** @param {() => Storage} storage a function, because some browsers refuse even to name it */
  constructor(storage = () => sessionStorage) {
    this.storage = storage;
  }

  /** @returns {Kept|null} */
  read() {
    const kept = this.#attempt((storage) => JSON.parse(storage.getItem(NAME)));
    return kept?.session && kept.key ? kept : null;
  }

  /** @param {Kept} kept */
  keep(kept) {
    if (kept.key) this.#attempt((storage) => storage.setItem(NAME, JSON.stringify(kept)));
  }

  forget() {
    this.#attempt((storage) => storage.removeItem(NAME));
  }

  #attempt(work) {
    try {
      return work(this.storage());
    } catch (error) {
      console.info("a reload will not be able to go on with this session:", error.message);
      return null;
    }
  }
}
