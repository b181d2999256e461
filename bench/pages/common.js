/** What the pages of all contestants do alike: parameters, media, and the moment of the first frame. */

const params = new URLSearchParams(location.search);

export const relay = /** @type {string} */ (params.get('relay'));
export const room = /** @type {string} */ (params.get('room'));
export const isSender = params.get('role') === 'sender';

/** For the bench: the page is ready for the other tab. */
export const settle = () => console.log('ready');

/** @param {MediaStream} stream */
export function show(stream) {
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  video.srcObject = stream;
  video.requestVideoFrameCallback((at) => console.log(`frame ${at}`));
  document.body.append(video);
}

export const camera = () =>
  navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
