/** The camera and microphone, and what to say when they cannot be had. */

/** Tried in this order, until one is granted. */
const ATTEMPTS = [
  { video: { width: { ideal: 1280 }, height: { ideal: 720 } }, audio: true },
  { video: true, audio: false },
  { video: false, audio: true },
];

/** @type {Record<string, string>} cause and remedy, by the name of the browser's error */
const CAUSES = {
  NotAllowedError:
    'The browser did not give this page the camera or microphone. ' +
    'You can allow them beside the address bar.',
  SecurityError: 'The settings of this browser or page forbid the camera and microphone.',
  NotFoundError: 'No camera or no microphone was found. You can plug one in now.',
  NotReadableError:
    'The camera or microphone is there but does not start. ' +
    'Another program may be using it: close that program.',
};

const CONSEQUENCES = {
  none: 'Meanwhile the others see a test pattern.',
  video: 'The others see you but cannot hear you.',
  audio: 'The others hear you and see a test pattern.',
};

/**
 * Asks for camera and microphone, then for either alone. Never throws.
 *
 * @returns {Promise<{stream: MediaStream | null, problem: string}>} `stream` is the caller's to stop;
 *   `problem` says in words what is missing, why and what to do, '' if nothing
 */
export async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    return { stream: null, problem: `${reasonForNoApi()} ${CONSEQUENCES.none}` };
  }
  let cause = '';
  for (const constraints of ATTEMPTS) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      const got = constraints.video ? 'video' : 'audio';
      return { stream, problem: cause && `${cause} ${CONSEQUENCES[got]}` };
    } catch (error) {
      cause ||= causeOf(error);
      if (await isFinal(error)) break;
    }
  }
  return { stream: null, problem: `${cause} ${CONSEQUENCES.none}` };
}

/**
 * Calls `onAvailable` whenever a camera was plugged in, or allowed, that this page may open.
 *
 * @param {() => void} onAvailable
 * @param {AbortSignal} signal ends the watch
 */
export async function watchCamera(onAvailable, signal) {
  if (!navigator.mediaDevices) return;
  const check = async () => {
    if ((await hasCamera()) && (await permission('camera'))?.state !== 'denied') {
      if (!signal.aborted) onAvailable();
    }
  };
  navigator.mediaDevices.addEventListener('devicechange', check, { signal });
  const status = await permission('camera');
  status?.addEventListener('change', check, { signal });
}

async function hasCamera() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.some((device) => device.kind === 'videoinput');
}

function reasonForNoApi() {
  return window.isSecureContext
    ? 'This browser offers no camera to web pages.'
    : 'Browsers give the camera only to pages opened by https or on localhost. ' +
        'Open this page in one of these ways to show yourself.';
}

/** @param {unknown} error */
function causeOf(error) {
  const { name, message } = /** @type {Error} */ (error);
  return CAUSES[name] ?? `The camera could not be opened: ${message}.`;
}

/**
 * A refusal ends the attempts, so that the user is not asked again and again, unless only one of
 * camera and microphone is blocked: then the other one alone may be allowed.
 *
 * @param {unknown} error
 */
async function isFinal(error) {
  if (/** @type {Error} */ (error).name !== 'NotAllowedError') return false;
  const [camera, microphone] = await Promise.all([permission('camera'), permission('microphone')]);
  return (camera?.state === 'denied') === (microphone?.state === 'denied');
}

/**
 * @param {string} name
 * @returns {Promise<PermissionStatus | null>} null where the browser does not tell
 */
async function permission(name) {
  try {
    return await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
  } catch {
    return null;
  }
}
