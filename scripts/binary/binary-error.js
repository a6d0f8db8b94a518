// The refusals of the build.

/** Why there is no binary: one sentence for whoever called. */
export class BinaryError extends Error {}
