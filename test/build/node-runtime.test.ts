// Which shared libraries the base layer takes.
import { expect, test } from "vitest";
import { parseLdd } from "../../build/node-runtime.ts";

const debian = `	linux-vdso.so.1 (0x00007f77573ec000)
	libdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f77573d6000)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f7756e1e000)
	/lib64/ld-linux-x86-64.so.2 (0x00007f77573ee000)
`;

test("libraries and the loader, not the kernel's own object", () => {
  expect(parseLdd(debian)).toEqual(["/lib/x86_64-linux-gnu/libdl.so.2", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]);
});

test("a missing library is named", () => {
  expect(() => parseLdd(`${debian}\tlibatomic.so.1 => not found\n`)).toThrow("libatomic.so.1");
});
