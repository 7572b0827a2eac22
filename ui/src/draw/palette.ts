import type { Family } from "../words/states";

/** Colours and the font of the present theme, for a canvas. */
export interface Palette {
  family: Record<Family, string>;
  tint: Record<Family, string>;
  bg: string;
  sunk: string;
  line: string;
  muted: string;
  text: string;
  accent: string;
  accentTint: string;
  font: string;
}

const FAMILIES: readonly Family[] = ["success", "failed", "running", "waiting", "retry", "held", "ended", "mapped"];

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    family: Object.fromEntries(FAMILIES.map((name) => [name, of(name)])) as Record<Family, string>,
    tint: Object.fromEntries(FAMILIES.map((name) => [name, of(`${name}-tint`)])) as Record<Family, string>,
    bg: of("bg"),
    sunk: of("sunk"),
    line: of("line"),
    muted: of("muted"),
    text: of("text"),
    accent: of("accent"),
    accentTint: of("accent-tint"),
    font: of("font"),
  };
}

/** Give a canvas the size in device pixels that it has on the page, and a context that draws in CSS pixels. */
export function prepared(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
