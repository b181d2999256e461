export { ClaspError } from '../js-glue/error.js';
