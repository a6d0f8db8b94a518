export type { CacheErrorCode, Unservable } from "./cache-error.js";
export { CacheError } from "./cache-error.js";
export { ageMs, assertServable, isExpired, unservable } from "./servable.js";
export type { Instant, Snapshot } from "./snapshot.js";
export type { EmptyReason } from "./snapshot-cache.js";
export { SnapshotCache } from "./snapshot-cache.js";
