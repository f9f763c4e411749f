// Properties draw from one seed, so that a red test means the change at hand; FC_SEED draws others, as `make soak` does. A failure found that way becomes an example beside the property.
import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env["FC_SEED"] ?? 1) });
