import { createHash } from "node:crypto";
import type { SourceResult, Validator } from "./source.js";

/** Compares content with a validator whose etag is the content's lower-case hex SHA-256. */
export function compareContent(bytes: Uint8Array, validator: Validator | undefined): SourceResult {
	const etag = createHash("sha256").update(bytes).digest("hex");
	if (validator?.etag === etag) return { kind: "unmodified" };
	return { kind: "modified", bytes, validator: { etag } };
}
