// A picture that could not be made because too much was going on is asked for once more.
for (const picture of document.querySelectorAll("img[data-again]")) {
  picture.addEventListener("error", () => window.setTimeout(() => { picture.src = picture.src; }, 5000), { once: true });
}
