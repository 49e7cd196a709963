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
