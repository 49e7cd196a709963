// Makes pages quicker and kinder. Every page works without it.
"use strict";

// Errors: the summary gets the focus, so that a screen reader begins there.
document.getElementById("faults")?.focus();

// A form that does something is sent once, also by an impatient finger.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return; // a button that only fetches something
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-busy", "true");
  });
}
// Coming back with the back button, the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});

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
  let kept = false;
  const typed = (form) => [...form.querySelectorAll("textarea, input")]
    .some((field) => field.type !== "hidden" && field.type !== "password" && field.value !== field.defaultValue);
  const keep = () => {
    const form = [...document.querySelectorAll("main form[method=post]")].find(typed);
    if (!form) return;
    const fields = new FormData(form);
    for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
    fields.set("kept_for", window.location.pathname);
    fetch(stay.dataset.keep, { method: "POST", body: fields });
  };
  const look = () => {
    const left = ends - Date.now();
    ending.hidden = left > 120000;
    // What cannot be put off any longer says so instead of offering it.
    const over = ends >= Date.parse(body.dataset.absolute) + skew;
    document.getElementById("ending-text").hidden = over;
    document.getElementById("over-text").hidden = !over;
    stay.hidden = over;
    if (left <= 10000 && !kept) { kept = true; keep(); }
    if (left <= 0) { window.location.reload(); return; }
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
