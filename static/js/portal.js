// Makes pages quicker and kinder. Every page works without it.
"use strict";

// Errors: the summary gets the focus, so that a screen reader begins there.
document.getElementById("faults")?.focus();

// A form that does something is sent once, also by an impatient finger. When no answer comes, or somebody has stopped the
// browser, it may be sent again, and the page says so: its number makes a second sending do nothing.
const PATIENCE = 10000; // ms; a file takes its time
const letGo = (form) => {
  window.clearTimeout(form.letGo);
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[type=submit]")) button.removeAttribute("aria-busy");
};
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return; // a button that only fetches something
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-busy", "true");
    const carries = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
    form.letGo = window.setTimeout(() => {
      letGo(form);
      const said = form.querySelector(".unsure") || form.appendChild(document.createElement("p"));
      said.className = "unsure";
      said.setAttribute("role", "status");
      said.textContent = document.body.dataset.unsure;
    }, carries ? 6 * PATIENCE : PATIENCE);
  });
}
// Coming back with the back button, the form may be sent again.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach(letGo));

// A file that is too large is said so before it is sent.
for (const input of document.querySelectorAll("input[type=file][data-limit]")) {
  input.addEventListener("change", () => {
    const file = input.files[0];
    input.setCustomValidity(file && file.size > Number(input.dataset.limit) ? input.dataset.tooLarge : "");
    input.reportValidity();
  });
  input.form?.addEventListener("submit", (event) => {
    if (input.validity.customError) { event.preventDefault(); input.reportValidity(); delete input.form.dataset.sent; }
  });
}

// Two minutes before the session ends there is a warning and one press to stay.
const body = document.body;
const ending = document.getElementById("ending");
if (body.dataset.ends && ending) {
  const skew = Date.now() - Date.parse(body.dataset.now);
  let ends = Date.parse(body.dataset.ends) + skew;
  const stay = document.getElementById("stay");
  // Nothing typed is lost: it is put aside, sealed, and is there again after signing in.
  const atFirst = (select) => Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));
  const changed = (field) => field.options ? field.selectedIndex !== atFirst(field)
    : field.checked !== field.defaultChecked || (!["checkbox", "radio"].includes(field.type) && field.value !== field.defaultValue);
  const typed = (form) => [...form.querySelectorAll("textarea, input, select")]
    .some((field) => !["hidden", "password", "file"].includes(field.type) && changed(field));
  const keep = async () => {
    const form = [...document.querySelectorAll("main form[method=post]")].find(typed);
    if (!form) return true;
    const fields = new FormData(form);
    for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
    fields.set("kept_for", window.location.pathname);
    try {
      return (await fetch(stay.dataset.keep, { method: "POST", body: fields, signal: AbortSignal.timeout(5000) })).ok;
    } catch { return false; }
  };
  const look = () => {
    const left = ends - Date.now();
    ending.hidden = left > 120000;
    // What cannot be put off any longer says so instead of offering it.
    const over = ends >= Date.parse(body.dataset.absolute) + skew;
    document.getElementById("ending-text").hidden = over;
    document.getElementById("over-text").hidden = !over;
    stay.hidden = over;
    if (left <= 0) {
      // Also on a machine that slept and finds only now that it is over. Without an answer the page stays: it holds what was typed.
      keep().then((done) => { if (done) window.location.reload(); else window.setTimeout(look, 3000); });
      return;
    }
    window.setTimeout(look, left > 120000 ? Math.min(left - 119000, 30000) : 1000);
  };
  // A page that saves by itself tells how long the session goes on by now.
  document.addEventListener("portal:seen", ({ detail }) => {
    ends = Date.parse(detail.ends) + (Date.now() - Date.parse(detail.now));
    ending.hidden = true;
  });
  stay.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(stay.action, { method: "POST", body: new FormData(stay), headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) { window.location.reload(); return; }
    const limits = await answer.json();
    ends = Date.parse(limits.ends) + (Date.now() - Date.parse(limits.now));
    ending.hidden = true;
  });
  look();
}

// A page that waits for something looks again by itself.
const waiting = document.querySelector("[data-reload]");
if (waiting) window.setTimeout(() => window.location.reload(), Number(waiting.dataset.reload) * 1000);
