// The chosen theme, before anything is painted. Without a choice the system's own is followed.
"use strict";
try {
  const theme = localStorage.getItem("smsgw.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage in this browser: the system's theme it is.
}
