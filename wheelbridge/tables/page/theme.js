"use strict";
// Runs before the first paint, so that a chosen theme never flashes.
const THEMES = ["auto", "light", "dark"];

function storedTheme() {
  try {
    const theme = localStorage.getItem("wheelbridge-theme");
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto"; // a browser may refuse storage to files
  }
}

function applyTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function storeTheme(theme) {
  try {
    localStorage.setItem("wheelbridge-theme", theme);
  } catch {
    // it holds until the page is closed
  }
}

applyTheme(storedTheme());
