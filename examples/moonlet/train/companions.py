"""What both companions are trained beside: the finished model, which stays as it is, and the scenes that it learnt from."""

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel

import artwork
import held_out
import scenes
import words
from train_denoiser import NOISE, Captions, noised


class FinishedModel:
    """UNet and text encoder of `--model` (by default RUN/moonlet), RUN/scenes.pt and the makers of pictures and captions."""

    def __init__(self, options):
        torch.manual_seed(options.seed)
        device, model = options.device, options.model or options.output / "moonlet"
        self.device = device
        things = artwork.load()
        self.objects = len(things)
        self.pictures = [thing.picture for thing in things]
        self.maker = scenes.SceneMaker([thing.names for thing in things], options.seed, held_out.pairs(len(things)))
        kept = torch.load(options.output / "scenes.pt", weights_only=False)
        self.scenes, self.latents = kept["scenes"], kept["latents"]
        self.unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32)
        self.unet = self.unet.to(device, memory_format=torch.channels_last).requires_grad_(False)
        self.encoder = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32).to(device).eval()
        self.captions = Captions(self.maker, words.load(model / "tokenizer"), device)
        self.products = DDPMScheduler(**NOISE).alphas_cumprod.to(device)

    def said(self, some):
        """Hidden states of captions of scenes; half of them say nothing, so that the companion has to."""
        texts = [text if self.maker.random.random() < 0.5 else "" for text in self.captions.draw(some)]
        with torch.no_grad():
            return self.encoder(self.captions.tokens(texts)).last_hidden_state

    def noised(self, chosen):
        """Latents of the chosen scenes with noise, the training times, and the velocity that is wanted."""
        z = self.latents[chosen].float().to(self.device)
        noise = torch.randn(z.shape).to(self.device)
        t = torch.randint(0, 1000, (len(z),)).to(self.device)
        x, wanted = noised(z, noise, t, self.products)
        return x, t, wanted
