import { describe, expect, it } from "vitest";
import { pageOf } from "../src/parts/codes";

describe("pages of codes", () => {
  it("are on the server, below the base of this page", () => {
    expect(pageOf("NOT_FOUND")).toBe("ui/codes/NOT_FOUND");
  });

  it.each(["ERROR", "NETWORK", "", "../x", "javascript:x", "not_found"])("are not of %s", (code) => {
    expect(pageOf(code)).toBeNull();
  });
});
