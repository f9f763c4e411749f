// What the fields of the protocol may be.
import fc from "fast-check";
import type { Identity } from "../../../responder/peers/identity.ts";
import type { Version } from "../../../responder/store/version.ts";

const most = (bits: number) => fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 2 ** bits - 1 }) }, { weight: 1, arbitrary: fc.constantFrom(0, 1, 2 ** bits - 1, 2 ** (bits - 1)) });
export const u8 = most(8);
export const u16 = most(16);
export const u32 = most(32);
export const u48 = most(48);

export const versions: fc.Arbitrary<Version> = fc.record({ ms: u48, counter: u16, node: u32 });

export const identities: fc.Arbitrary<Identity> = fc.record({
  uid: fc.oneof(fc.uuid(), fc.string({ maxLength: 63 })),
  boot: fc.stringMatching(/^[0-9a-f]{16}$/),
  node: u32,
  host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
  port: u16,
});

/** 1 to 512 bytes, of any kind. */
export const keys: fc.Arbitrary<Buffer> = fc.oneof({ weight: 5, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 20 }) }, { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 512 }) }).map((bytes) => Buffer.from(bytes));

export const contentTypes: fc.Arbitrary<string | undefined> = fc.option(fc.stringMatching(/^[\x20-\x7e]{1,255}$/), { nil: undefined });
