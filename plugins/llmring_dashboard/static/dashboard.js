// Comfort only: every page is complete without this file.
// A choice of colours is sent as soon as it is made, and its button is put away.
for (const form of document.querySelectorAll(".visitor form")) {
  const choices = form.querySelectorAll("select");
  const button = form.querySelector("button");
  if (choices.length && button) {
    button.hidden = true;
    for (const choice of choices) choice.addEventListener("change", () => form.requestSubmit());
  }
}
// While the next page is on its way, this one says so. One that the browser kept is shown as it was before.
const main = document.querySelector("main");
const leaves = link => link && !link.hasAttribute("download") && !link.target && link.getAttribute("href")[0] !== "#";
document.addEventListener("submit", () => main.setAttribute("aria-busy", "true"));
document.addEventListener("click", event => {
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (plain && leaves(event.target.closest("a[href]"))) main.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => main.removeAttribute("aria-busy"));
