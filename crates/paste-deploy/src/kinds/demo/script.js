// The clock, and the button that sends the form as JSON.
"use strict";

const clock = document.getElementById("clock");
const socket = new WebSocket(new URL("clock", location.href.replace(/^http/, "ws")));
socket.addEventListener("message", (message) => {
  const time = new Date(1000 * Number(message.data));
  clock.dateTime = time.toISOString();
  clock.textContent = time.toLocaleTimeString(document.documentElement.lang);
});

document.getElementById("json").addEventListener("click", async () => {
  const fields = new FormData(document.forms[0]);
  fields.delete("file");
  const response = await fetch("json", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(Object.fromEntries(fields)),
  });
  document.getElementById("answer").textContent = await response.text();
});
