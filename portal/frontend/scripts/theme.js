// Runs before the first paint: a visitor's own choice of light or dark wins over the system's.
const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
