export { RouterError } from "../router-error.js";
export type { ListenLimits } from "./limits.js";
export type { Listener, ListenOptions } from "./listen.js";
export { listen } from "./listen.js";
export type { ServedRequest } from "./served-request.js";
