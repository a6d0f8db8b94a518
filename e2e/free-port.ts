// @boundaries-ignore ports are found in one way everywhere
export { freePort } from "../scripts/free-port.js";
