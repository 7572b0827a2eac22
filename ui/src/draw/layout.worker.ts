import { layout, type Wish } from "./layout";

onmessage = (event: MessageEvent<{ turn: number; wish: Wish }>) => {
  postMessage({ turn: event.data.turn, layout: layout(event.data.wish) });
};
