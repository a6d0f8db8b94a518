// Before anything is drawn, so that a chosen theme does not flash; as a classic script, which the page waits for.

const chosenTheme = localStorage.getItem("theme");
if (chosenTheme === "dark" || chosenTheme === "light") document.documentElement.dataset.theme = chosenTheme;
