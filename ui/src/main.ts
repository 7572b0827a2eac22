import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import App from "./frame/App.svelte";
import { askAhead } from "./data/ask";
import { at } from "./data/place.svelte";
import { askFirst } from "./frame/first";
import { Me } from "./operations/frame.gen";

/** Ask before anything is drawn: who looks, and, in a request of its own, what the first screen shows first. */
async function begin(): Promise<void> {
  askAhead(Me, {});
  await null;
  askFirst(at.path, at.query);
  await null;
  mount(App, { target: document.getElementById("app") as HTMLElement });
}

void begin();
