// A page that waits for something to be packed looks again by itself.
const waiting = document.querySelector("[data-reload]");
if (waiting) window.setTimeout(() => window.location.reload(), Number(waiting.dataset.reload) * 1000);
