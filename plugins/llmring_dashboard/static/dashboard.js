// Comfort only: every page is complete without this file.
// A choice marked data-send is sent as soon as it is made, and its button is put away.
for (const form of document.querySelectorAll("form")) {
  const choices = form.querySelectorAll("select");
  const button = form.querySelector("button");
  if (form.matches("[data-send], .visitor form") && choices.length && button) {
    button.hidden = true;
    for (const choice of choices) choice.addEventListener("change", () => form.requestSubmit());
  }
}
