// For every page: where the focus goes after an error, forms that are sent once, and what is shown without a connection. Every page works without it.
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

// A page to look at when there is no connection; see /service-worker.js for what is saved for it. Where a browser does not
// know this, or keeps nothing (a private window), everything else works as before.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
