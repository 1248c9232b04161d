// The camera as a scanner: a few looks a second, the same code not twice within two seconds.
import jsQR from "jsqr";

const LOOK_EVERY = 130;
const SAME_AFTER = 2500;
const WIDEST = 720;

export class Camera {
  constructor(video, found) {
    this.video = video;
    this.found = found;
    this.canvas = document.createElement("canvas");
    this.last = { code: "", at: 0 };
  }

  get running() {
    return Boolean(this.stream);
  }

  async start() {
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    this.video.srcObject = this.stream;
    await this.video.play();
    this.timer = setInterval(() => this.look(), LOOK_EVERY);
  }

  stop() {
    clearInterval(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }

  look() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return;
    const scale = Math.min(1, WIDEST / videoWidth);
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const picture = pen.getImageData(0, 0, this.canvas.width, this.canvas.height);
    const seen = jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
    if (!seen?.data) return;
    const now = Date.now();
    const again = seen.data === this.last.code && now - this.last.at < SAME_AFTER;
    this.last = { code: seen.data, at: now };
    if (!again) this.found(seen.data);
  }
}
