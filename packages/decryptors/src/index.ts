export type { DecryptorOptions } from "./create-decryptor.js";
export { createDecryptor } from "./create-decryptor.js";
export type { DecryptErrorCode, DecryptErrorOptions } from "./decrypt-error.js";
export { DecryptError } from "./decrypt-error.js";
export { decryptSecrets } from "./decrypt-secrets.js";
export type { Decryptor } from "./decryptor.js";
