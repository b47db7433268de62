// Every page works without this file, which shows that the next page is loading.
// `pageshow` resets a page that the browser restores from its cache.
const main = document.querySelector("main");
const leaves = link => link && !link.hasAttribute("download") && !link.target && link.getAttribute("href")[0] !== "#";
document.addEventListener("submit", () => main.setAttribute("aria-busy", "true"));
document.addEventListener("click", event => {
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (plain && leaves(event.target.closest("a[href]"))) main.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => main.removeAttribute("aria-busy"));
