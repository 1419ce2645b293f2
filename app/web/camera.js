/** A photo from the camera: live where the browser allows it, through the phone's own camera otherwise. */

const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#camera"));
const video = /** @type {HTMLVideoElement} */ (document.querySelector("#video"));
const capture = /** @type {HTMLButtonElement} */ (document.querySelector("#capture"));
const problem = /** @type {HTMLElement} */ (document.querySelector("#camera-problem"));
const snapshot = /** @type {HTMLInputElement} */ (document.querySelector("#snapshot"));

/** @type {Record<string, string>} */
const REFUSALS = {
  NotAllowedError: "The camera is not allowed on this page. Your browser's address bar has the setting.",
  NotFoundError: "There is no camera here. Choose a picture instead.",
  NotReadableError: "Another program is using the camera.",
};
const JPEG_QUALITY = 0.92;

/**
 * Let a photo be taken.
 *
 * @param {(photo: File) => void} take
 */
export async function openCamera(take) {
  // Browsers have no live camera for pages without HTTPS, other than those of this machine.
  if (!navigator.mediaDevices?.getUserMedia) {
    snapshot.click();
    return;
  }
  problem.textContent = "";
  capture.disabled = true;
  capture.onclick = () => shoot(take);
  dialog.showModal();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    if (!dialog.open) return stop(stream);
    video.srcObject = stream;
    await video.play();
    capture.disabled = false;
    capture.focus();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    problem.textContent = REFUSALS[name] ?? "The camera did not start.";
  }
}

/** @param {(photo: File) => void} take */
function shoot(take) {
  const side = Math.min(video.videoWidth, video.videoHeight);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
  canvas.getContext("2d")?.drawImage(video, left, top, side, side, 0, 0, side, side);
  canvas.toBlob(
    (blob) => {
      dialog.close();
      if (blob) take(new File([blob], "photo.jpg", { type: blob.type }));
    },
    "image/jpeg",
    JPEG_QUALITY,
  );
}

/** @param {MediaProvider | null} stream */
function stop(stream) {
  if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.stop();
}

document.querySelector("#camera-close")?.addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  stop(video.srcObject);
  video.srcObject = null;
});
