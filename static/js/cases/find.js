// The list of cases, narrowed while somebody types; Enter opens the one that is left. Nothing is sent and nothing kept.
// Without this the button does it.
const wanted = document.querySelector("input[data-finds]");
const rows = [...document.querySelectorAll(`#${wanted.dataset.finds} > [data-name]`)];
const nothing = document.querySelector("[data-nothing]");

// As the names on the page were made ready for it (portal/names.py): accents go, the Danish letters stay.
const bare = (letter) => ("æäøöå".includes(letter) ? letter : letter.normalize("NFD").replace(/\p{M}/gu, ""));
const folded = (text) => [...text.normalize("NFC").toLowerCase().replaceAll("aa", "å")].map(bare).join("");

const narrow = () => {
  const words = folded(wanted.value).split(/\s+/);
  for (const row of rows) row.hidden = !words.every((word) => row.dataset.name.includes(word));
  const left = rows.filter((row) => !row.hidden);
  nothing.textContent = left.length ? "" : wanted.dataset.none;
  return left;
};
wanted.addEventListener("input", narrow);
wanted.addEventListener("keydown", (event) => {
  const left = event.key === "Enter" && wanted.value.trim() ? narrow() : [];
  if (left.length !== 1) return;
  event.preventDefault();
  window.location.assign(left[0].querySelector("a").href);
});
narrow(); // what the browser filled in again
