// What should exist for one resource: a pure function of the resource and the operator's options.
import type { KubeObject } from "../objects.ts";
import { children } from "../render/children.ts";
import type { RenderContext } from "../render/context.ts";

/** In the order of application. */
export const desired = (context: RenderContext): KubeObject[] => children.flatMap((render) => render(context) ?? []);
