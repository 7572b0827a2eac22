import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import App from "./frame/App.svelte";

mount(App, { target: document.getElementById("app") as HTMLElement });
