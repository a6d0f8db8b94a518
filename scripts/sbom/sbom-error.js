/** Why there is no bill of materials: one sentence for whoever called. */
export class SbomError extends Error {}
