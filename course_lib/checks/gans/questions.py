"""The concept questions of tasks 13.12 and 13.13."""

from __future__ import annotations

from typing import Any

from course_lib.checks import task
from course_lib.quiz import Question, Quiz

game_quiz = Quiz(
    {
        "q1": Question(
            "The discriminator's loss has come to rest at $2\\ln 2 \\approx 1.39$ and stays there. What does it say?",
            {
                "a": "The discriminator has won: it recognises every generated row.",
                "b": "It answers one half everywhere: either the generator is perfect, or the discriminator is blind.",
                "c": "Training has diverged and must be started again.",
                "d": "The generator has collapsed to a single mode.",
            },
            answer="b",
            why={
                "a": "A discriminator that recognises everything has a loss near 0.",
                "b": "Both means are then ln 2. Which of the two it is, only a look at the samples tells.",
                "c": "A diverging loss grows; this one is the loss of an honest coin.",
                "d": "A collapsed generator is easy to recognise for a while, so the loss falls and does not rest.",
            },
        ),
        "q2": Question(
            "Early in training the discriminator is sure of itself: $D(G(z)) = 0.001$. Why does the generator then not "
            "minimise $\\log(1 - D(G(z)))$?",
            {
                "a": "The logarithm of a number near 1 cannot be computed.",
                "b": "The minimum lies elsewhere than that of $-\\log D(G(z))$.",
                "c": "It would need labels.",
                "d": "With respect to the logit its slope is about 0.001: nothing moves when it must move most.",
            },
            answer="d",
            why={
                "a": "It is about -0.001, a harmless number.",
                "b": "Both are lowest where D is 1: they differ in their slopes, not in their aim.",
                "c": "Neither loss looks at labels.",
                "d": "The slope is -D for this loss and -(1 - D) for the other, nearly a thousand times as steep here.",
            },
        ),
        "q3": Question(
            "All generated zeros are sharp, and all slant alike. Recall of modes falls, quality stays. What helps?",
            {
                "a": "A steadied critic: Wasserstein loss with a gradient penalty, or spectral norm.",
                "b": "Train longer with the same settings: the other modes come last.",
                "c": "A smaller latent space, so that each point counts.",
                "d": "A lower learning rate for the generator only.",
            },
            answer="a",
            why={
                "a": "A critic with a bounded slope still tells the generator where the missing modes lie.",
                "b": "A collapsed generator tends to run from mode to mode, not to gather them.",
                "c": "One latent number can hold many modes: the latent space is seldom what is missing.",
                "d": "It slows the run from mode to mode down; the critic's slopes stay as bad as they were.",
            },
        ),
        "q4": Question(
            "A finished GAN's discriminator judges test images. Why is its verdict a poor anomaly score?",
            {
                "a": "It is a probability, and scores must not be bounded.",
                "b": "It was trained on normal images and therefore calls everything normal.",
                "c": "It learnt to tell zeros from this generator's mistakes, and has never seen anything else.",
                "d": "It is not differentiable.",
            },
            answer="c",
            why={
                "a": "Ranking needs no unbounded numbers, and the logit is unbounded anyway.",
                "b": "It saw as many generated images, and calls those fake.",
                "c": "A seven lies in a place where its answer was never asked for, and may come out either way.",
                "d": "It is, or the generator could not have learnt from it.",
            },
        ),
    }
)


@task("13.12", "Reading the game", passed="You can tell from a curve and a handful of samples who is winning, and why.")
def reading_the_game(answers: Any) -> None:
    """Concept question: equilibrium, saturation, collapse, the verdict as a score."""
    game_quiz.grade(answers)


difference_quiz = Quiz(
    {
        "q1": Question(
            "Where does the latent code $z$ of a test image come from?",
            {
                "a": "In both from an encoder that was trained together with the decoder.",
                "b": "In an autoencoder from its encoder; in AnoGAN from a search by gradient descent, for this image.",
                "c": "In AnoGAN from the discriminator's features; in an autoencoder from its encoder.",
                "d": "In AnoGAN it is drawn at random once, and used for all images.",
            },
            answer="b",
            why={
                "a": "AnoGAN has no encoder: its generator only knows the way from z to image.",
                "b": "The way back is not learnt, it is searched.",
                "c": "The features are compared, they are not turned into a code.",
                "d": "Then every image would be compared with the same picture: a mistake, and it has been made.",
            },
        ),
        "q2": Question(
            "What was the network trained for?",
            {
                "a": "Both to reproduce their training images.",
                "b": "AnoGAN to tell normal from anomalous images; an autoencoder to compress.",
                "c": "An autoencoder to fool a discriminator; a generator to have a small error.",
                "d": "An autoencoder to rebuild its input; a generator to make images that pass as real, copies of "
                "none.",
            },
            answer="d",
            why={
                "a": "A generator is never shown an image that it should rebuild.",
                "b": "No anomalous image is seen in training by either.",
                "c": "It is the other way round.",
                "d": "So the generator's outputs look normal wherever z is, and rebuilding comes afterwards.",
            },
        ),
        "q3": Question(
            "What does scoring ONE image cost?",
            {
                "a": "Both need one pass through the network.",
                "b": "AnoGAN hundreds of passes forward and back, an autoencoder a single one forward.",
                "c": "An autoencoder needs more: it has to run its encoder as well.",
                "d": "AnoGAN needs one pass, but the discriminator must be trained anew for each image.",
            },
            answer="b",
            why={
                "a": "That holds for the autoencoder, and for f-AnoGAN, whose encoder was invented for it.",
                "b": "Each step of the search is a forward and a backward pass. That is what f-AnoGAN's encoder saves.",
                "c": "One encoder is little beside a search of hundreds of steps.",
                "d": "Nothing is trained at test time, neither generator nor discriminator: only z moves.",
            },
        ),
        "q4": Question(
            "A normal test image of a kind that the generator dropped when it collapsed is scored. What happens?",
            {
                "a": "It scores high: no z leads to it. An autoencoder learnt to rebuild such images.",
                "b": "It scores low: the search finds any normal image.",
                "c": "Both score it high, since it is rare.",
                "d": "The search does not end.",
            },
            answer="a",
            why={
                "a": "What the generator cannot make is an anomaly to AnoGAN, so collapse turns into false alarms.",
                "b": "The search only reaches what the generator can make.",
                "c": "It was in the training data; an autoencoder pays for every image that it rebuilds badly.",
                "d": "It ends after its number of steps, at the nearest image that the generator can make.",
            },
        ),
    }
)


@task(
    "13.13",
    "AnoGAN and the autoencoder",
    passed="Where the code comes from, what was trained for, what a score costs: three differences, and their price.",
)
def anogan_differences(answers: Any) -> None:
    """Concept question: three differences between AnoGAN and an autoencoder, and what collapse does to a score."""
    difference_quiz.grade(answers)
