import { describe, expect, test } from "vitest";
import { createTokenAuth } from "../../../responder/auth/auth.ts";

const token = (text: string) => Buffer.from(text);
const client = "10.0.0.1";

const started = (tokens = ["first-token-of-16", "other-token-of-16"]) => {
  let now = 0;
  const auth = createTokenAuth({ monotonic: () => now });
  auth.setTokens(tokens.map(token));
  return { auth, advance: (ms: number) => void (now += ms) };
};

test("either token of a rotation is accepted, nothing else", () => {
  const { auth } = started();
  expect(auth.check(token("first-token-of-16"), client)).toBe("ok");
  expect(auth.check(token("other-token-of-16"), client)).toBe("ok");
  for (const wrong of ["", "first-token-of-1", "first-token-of-166", "FIRST-token-of-16"]) expect(auth.check(token(wrong), client)).toBe("denied");
});

test("a token that is taken away is denied, and the generation tells", () => {
  const { auth } = started();
  const before = auth.generation();
  auth.setTokens([token("third-token-of-16")]);
  expect(auth.generation()).toBeGreaterThan(before);
  expect(auth.check(token("first-token-of-16"), client)).toBe("denied");
  expect(auth.check(token("third-token-of-16"), client)).toBe("ok");
});

test("without tokens everybody is denied", () => {
  const { auth } = started([]);
  expect(auth.check(token(""), client)).toBe("denied");
});

describe("failures", () => {
  const fail = ({ auth }: ReturnType<typeof started>, times: number, address = client) => Array.from({ length: times }, () => auth.check(token("wrong"), address));

  test("ten in a row, then the address waits, a good token included", () => {
    const it = started();
    expect(fail(it, 11)).toEqual([...Array(10).fill("denied"), "throttled"]);
    expect(it.auth.check(token("first-token-of-16"), client)).toBe("throttled");
    expect(it.auth.check(token("first-token-of-16"), "10.0.0.2")).toBe("ok");
  });

  test("one comes back each second", () => {
    const it = started();
    fail(it, 10);
    it.advance(1_000);
    expect(fail(it, 2)).toEqual(["denied", "throttled"]);
    it.advance(60_000);
    expect(fail(it, 11)).toEqual([...Array(10).fill("denied"), "throttled"]);
  });

  test("addresses are forgotten, oldest first, beyond a bound", () => {
    const it = started();
    fail(it, 10, "first");
    for (let i = 0; i < 4096; i++) fail(it, 1, `10.1.${i >> 8}.${i & 255}`);
    expect(fail(it, 1, "first")).toEqual(["denied"]);
  });
});
