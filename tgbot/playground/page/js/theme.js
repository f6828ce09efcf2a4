/** Light or dark: the system's choice until one is made here. */

import { $ } from "./dom.js";

const KEY = "playground-theme";
const root = document.documentElement;

root.style.colorScheme = localStorage.getItem(KEY) ?? "";

$("theme").addEventListener("click", () => {
  const isDark = (root.style.colorScheme || system()) === "dark";
  root.style.colorScheme = isDark ? "light" : "dark";
  localStorage.setItem(KEY, root.style.colorScheme);
});

function system() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
