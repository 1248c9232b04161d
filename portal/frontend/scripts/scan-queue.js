// What was scanned and the server has not taken yet, kept in localStorage: a reload, a dead battery
// or a cellar without a network loses nothing. A batch that was sealed keeps its key for ever, so
// that sending it again is answered as the first time.
const MOST_IN_A_BATCH = 300;
const named = (tag) => tag?.toUpperCase();

export class ScanQueue {
  constructor(member) {
    this.name = `counter-${member}`;
    this.load();
  }

  load() {
    this.kept = { pending: [], sealed: [], log: [] };
    try {
      this.kept = { ...this.kept, ...JSON.parse(localStorage.getItem(this.name) ?? "{}") };
    } catch {
      localStorage.removeItem(this.name);
    }
  }

  keep() {
    localStorage.setItem(this.name, JSON.stringify(this.kept));
  }

  add(scan) {
    this.kept.pending.push(scan);
    this.keep();
  }

  has(tag) {
    return this.kept.pending.some((scan) => scan.tag && named(scan.tag) === named(tag));
  }

  remove(id) {
    const gone = this.kept.pending.find((scan) => scan.scan === id);
    this.kept.pending = this.kept.pending.filter((scan) => scan !== gone);
    this.keep();
    return gone;
  }

  undo() {
    const last = this.kept.pending.at(-1);
    return last && this.remove(last.scan);
  }

  // What waits becomes batches, one for each deed and booking, that never change any more.
  seal() {
    const open = new Map();
    for (const scan of this.kept.pending) {
      const name = `${scan.mode} ${scan.booking ?? ""}`;
      let batch = open.get(name);
      if (!batch || batch.scans.length === MOST_IN_A_BATCH) {
        batch = { key: newId(), mode: scan.mode, booking: scan.booking ?? null, scans: [] };
        open.set(name, batch);
        this.kept.sealed.push(batch);
      }
      batch.scans.push(scan);
    }
    this.kept.pending = [];
    this.keep();
  }

  // The server answered: the batch is done with, whatever became of its scans.
  settle(batch, outcomes) {
    const scans = new Map(batch.scans.map((scan) => [scan.scan, scan]));
    this.kept.sealed = this.kept.sealed.filter((other) => other.key !== batch.key);
    for (const outcome of outcomes) this.kept.log.unshift({ ...outcome, of: scans.get(outcome.scan) });
    this.kept.log.length = Math.min(this.kept.log.length, 400);
    this.keep();
  }

  // A picture belongs to a line of the list.
  pictured(id, number) {
    const line = this.kept.log.find((one) => one.scan === id);
    if (line) line.kept = (line.kept ?? 0) + number;
    this.keep();
  }

  forget(id) {
    this.kept.log = this.kept.log.filter((line) => line.scan !== id);
    this.keep();
  }

  clear() {
    this.kept.log = [];
    this.keep();
  }

  get waiting() {
    return this.kept.sealed.reduce((sum, batch) => sum + batch.scans.length, 0);
  }
}

export function newId() {
  // randomUUID is there over HTTPS and on loopback only.
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
