// Files are sent piece by piece: with percent, several at once, to be cancelled, and to go on after a broken connection.
// Without this (or without what it needs) the form sends one file as forms do.
const AT_ONCE = 3;
// One piece where the line holds: several are joined at the end, which seals them once more. A larger file still comes in
// pieces, so that its sender does not count as gone meanwhile, and a proxy that hoards what passes has an end of it.
const PIECE = 1024 ** 3;
const AGAIN_AFTER = [0, 1000, 3000, 5000, 10000, 20000, 30000];

const sleep = (ms) => new Promise((done) => window.setTimeout(done, ms));

const newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

const sizeOf = (bytes) => {
  const units = ["B", "kB", "MB", "GB"];
  let step = 0;
  while (bytes >= 1000 && step < 3) { bytes /= 1000; step += 1; }
  return `${bytes.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} ${units[step]}`;
};

/** Whether a file begins with these parts, each told by its size and SHA-256. */
const sameBytes = async (file, parts) => {
  if (!crypto.subtle) return false;
  let at = 0;
  for (const [size, digest] of parts) {
    const found = await crypto.subtle.digest("SHA-256", await file.slice(at, at + size).arrayBuffer());
    if ([...new Uint8Array(found)].map((byte) => byte.toString(16).padStart(2, "0")).join("") !== digest) return false;
    at += size;
  }
  return true;
};

/** One file on its way. */
class Row {
  constructor(sender, file) {
    this.sender = sender;
    this.file = file;
    this.submission = newId();
    this.state = "chosen"; // chosen, waiting, sending, broken, finishing, done, refused
    this.element = sender.box.querySelector("template").content.cloneNode(true).firstElementChild;
    this.progress = this.element.querySelector("progress");
    this.name = this.element.querySelector("[data-name]");
    this.name.textContent = file.name;
    this.progress.setAttribute("aria-label", file.name);
    this.cancelButton = this.element.querySelector("[data-cancel]");
    this.againButton = this.element.querySelector("[data-again]");
    for (const button of [this.cancelButton, this.againButton]) button.querySelector("[data-of]").textContent = file.name;
    this.cancelButton.addEventListener("click", () => this.cancel());
    this.againButton.addEventListener("click", () => this.start());
    this.say(sizeOf(file.size));
    if (file.size > sender.limit) this.refuse(sender.says.tooLarge);
    sender.list.append(this.element);
  }

  get active() { return ["waiting", "sending", "broken", "finishing"].includes(this.state); }

  say(text, aloud = false) {
    this.element.querySelector("[data-says]").textContent = text;
    if (aloud) this.sender.aloud.textContent = `${this.file.name}: ${text}`;
  }

  become(state) {
    this.state = state;
    this.element.dataset.state = state;
    this.progress.hidden = !this.active;
    this.cancelButton.hidden = state === "done" || state === "finishing";
    this.againButton.hidden = state !== "broken";
    this.sender.changed();
  }

  async start() {
    this.become("sending");
    if (this.arrived) { this.finish(); return; }
    if (!this.upload) {
      const begun = await this.sender.begunOf(this.file);
      if (this.state === "gone") return;
      this.upload = this.prepare(begun?.dataset.at);
      begun?.remove();
    }
    this.upload.start();
  }

  /** `at`: the address of what has already arrived of this file; without it, it begins anew. */
  prepare(at) {
    const { form, says, box } = this.sender;
    const about = { filename: this.file.name };
    if (box.dataset.file) about.file = box.dataset.file;
    else about.compartment = new FormData(form).get("compartment") ?? "";
    return new tus.Upload(this.file, {
      endpoint: box.dataset.uploads,
      uploadUrl: at ?? null,
      chunkSize: PIECE,
      retryDelays: AGAIN_AFTER,
      metadata: about,
      headers: { "X-CSRFToken": form.elements.csrf_token.value },
      // Nothing of a case is kept in the browser.
      storeFingerprintForResuming: false,
      fingerprint: () => Promise.resolve(null),
      onProgress: (sent, all) => {
        const percent = Math.floor((sent / all) * 100);
        this.progress.value = percent;
        this.say(says.percent.replace("0", percent).replace("SIZE", sizeOf(all)));
      },
      onShouldRetry: (problem) => {
        const status = problem.originalResponse?.getStatus() ?? 0;
        if (status !== 0 && status < 500 && status !== 409 && status !== 429) return false;
        this.say(says.broken);
        return true;
      },
      onError: (problem) => {
        const answer = problem.originalResponse;
        const status = answer?.getStatus() ?? 0;
        if (status === 422) this.refuse(answer.getBody());
        else if (status === 401) this.refuse(says.signedOut);
        else if (status >= 400 && status < 500 && status !== 409 && status !== 429) this.refuse(says.refused);
        else { this.become("broken"); this.say(says.stopped, true); }
      },
      onSuccess: () => { this.arrived = true; this.finish(); },
    });
  }

  /** All bytes are there: the file is made of them. Asking twice makes one file. */
  async finish() {
    const { form, says } = this.sender;
    this.become("finishing");
    this.say(says.finishing);
    const fields = new FormData();
    if (this.sender.rows.length > 1) fields.set("one_of_several", "yes");
    for (const name of ["csrf_token", "note", "tool", "seen"]) {
      const field = form.elements[name];
      if (field) fields.set(name, field.value);
    }
    fields.set("submission", this.submission);
    for (const wait of AGAIN_AFTER) {
      await sleep(wait);
      let answer;
      try {
        answer = await fetch(`${this.upload.url}/finish`, { method: "POST", body: fields, headers: { "Tus-Resumable": "1.0.0" } });
      } catch { continue; }
      if (answer.status >= 500) continue;
      if (answer.ok && !answer.redirected) {
        this.to = (await answer.json()).to;
        this.become("done");
        const link = document.createElement("a");
        link.href = this.to;
        link.textContent = this.file.name;
        this.name.replaceChildren(link);
        this.say(says.done, true);
        return;
      }
      const told = answer.status === 422 ? await answer.json() : { says: answer.status === 401 ? says.signedOut : says.refused, gone: true };
      if (told.gone) this.refuse(told.says);
      else { this.become("broken"); this.say(told.says, true); }
      return;
    }
    this.become("broken");
    this.say(says.stopped, true);
  }

  refuse(why) {
    this.become("refused");
    this.cancelButton.querySelector("[data-word]").textContent = this.sender.says.remove;
    this.say(why, true);
  }

  async cancel() {
    const begun = this.upload?.url && this.active;
    this.state = "gone";
    this.element.remove();
    this.sender.drop(this);
    if (this.upload && begun) await this.upload.abort(true).catch(() => {});
    else this.upload?.abort();
  }
}

/** A form and the files it is to send. */
class Sender {
  constructor(box) {
    this.box = box;
    this.form = box.closest("form");
    this.input = this.form.querySelector("input[type=file][name=file]");
    this.limit = Number(this.input.dataset.limit);
    this.says = { ...box.dataset, tooLarge: this.input.dataset.tooLarge };
    this.list = box.querySelector("ul:not([data-begun])");
    for (const begun of box.querySelectorAll("[data-begun] > li")) {
      begun.querySelector("[data-give-up]").addEventListener("click", () => this.giveUp(begun));
    }
    this.aloud = box.querySelector("[role=status]");
    this.several = !box.dataset.file;
    this.rows = [];
    this.input.multiple = this.several;
    box.hidden = false;
    this.input.addEventListener("change", () => { this.take(this.input.files); this.input.value = ""; this.input.setCustomValidity(""); });
    this.form.addEventListener("submit", (event) => this.submit(event), true);
    this.watchDrops();
    this.offerCamera();
    window.addEventListener("online", () => this.rows.filter((row) => row.state === "broken").forEach((row) => row.start()));
    window.addEventListener("beforeunload", (event) => { if (this.rows.some((row) => row.active)) event.preventDefault(); });
    // Somebody whose file is on its way is there, though they touch nothing.
    window.setInterval(() => {
      if (this.rows.some((row) => row.active)) document.getElementById("stay")?.requestSubmit();
    }, 240000);
  }

  take(files) {
    for (const file of files) {
      if (!this.several) for (const row of [...this.rows]) row.cancel();
      this.rows.push(new Row(this, file));
    }
  }

  /** What has already arrived of this file, from before the page was closed; by its bytes, not by its name alone. */
  async begunOf(file) {
    const compartment = new FormData(this.form).get("compartment");
    for (const begun of this.box.querySelectorAll("[data-begun] > li:not([data-taken])")) {
      const { name, size, parts } = begun.dataset;
      if (name !== file.name.normalize("NFC") || Number(size) !== file.size) continue;
      if (this.several && begun.dataset.compartment !== compartment) continue;
      if (!(await sameBytes(file, JSON.parse(parts)))) continue;
      begun.dataset.taken = "";
      return begun;
    }
    return null;
  }

  async giveUp(begun) {
    const headers = { "Tus-Resumable": "1.0.0", "X-CSRFToken": this.form.elements.csrf_token.value };
    const answer = await fetch(begun.dataset.at, { method: "DELETE", headers }).catch(() => null);
    if (answer?.ok || answer?.status === 404) begun.remove();
  }

  drop(row) {
    this.rows = this.rows.filter((one) => one !== row);
    this.changed();
  }

  submit(event) {
    const ready = this.rows.filter((row) => row.state === "chosen");
    if (!this.rows.length) return; // the form itself says that a file is missing
    event.preventDefault();
    event.stopImmediatePropagation();
    for (const row of ready) row.become("waiting");
    for (const row of this.rows) if (row.state === "broken") row.start();
    this.changed();
  }

  changed() {
    const running = this.rows.filter((row) => ["sending", "finishing"].includes(row.state)).length;
    const waiting = this.rows.filter((row) => row.state === "waiting");
    if (running < AT_ONCE && waiting.length) { waiting[0].start(); return; }
    const busy = this.rows.some((row) => row.active && row.state !== "broken");
    for (const button of this.form.querySelectorAll("button[type=submit]")) button.toggleAttribute("disabled", busy);
    // What was chosen at the beginning counts for every file of the list.
    for (const radio of this.form.querySelectorAll("input[name=compartment]")) radio.disabled = busy && !radio.checked;
    const done = this.rows.filter((row) => row.state === "done");
    if (this.rows.length && done.length === this.rows.length) {
      window.location.assign(done.length === 1 ? done[0].to : `${this.box.dataset.list}?added=${Math.min(done.length, 99)}`);
    }
  }

  /** Files can be dropped on the form; where it is hidden until then, anywhere on the page. */
  watchDrops() {
    const hidden = this.form.closest("[data-drop]");
    const place = hidden ? document.getElementById("main") : this.form;
    const holds = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    place.addEventListener("dragover", (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      place.classList.add("dropping");
    });
    for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => place.classList.remove("dropping"));
    place.addEventListener("drop", (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      if (hidden) {
        hidden.hidden = false;
        hidden.scrollIntoView({ block: "start" });
        hidden.querySelector("input[name=compartment]:checked")?.focus({ preventScroll: true });
      }
      this.take(event.dataTransfer.files);
    });
  }

  offerCamera() {
    const camera = this.box.querySelector("[data-camera]");
    const input = camera.nextElementSibling;
    camera.hidden = !window.matchMedia("(pointer: coarse)").matches;
    camera.addEventListener("click", () => input.click());
    input.addEventListener("change", () => { this.take(input.files); input.value = ""; });
  }
}

if (window.tus?.isSupported) for (const box of document.querySelectorAll("[data-uploads]")) new Sender(box);
