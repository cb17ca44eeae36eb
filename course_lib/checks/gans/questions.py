"""The concept questions of tasks 13.13 and 13.14."""

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
                "b": "It answers one half: the generator is perfect or the discriminator blind.",
                "c": "Training has diverged, it must be started again with a lower learning rate.",
                "d": "All modes of the data have been found, otherwise it would not come to rest.",
            },
            answer="b",
            why={
                "a": "A discriminator that recognises everything has a loss near 0.",
                "b": "Both means are then ln 2. Which of the two it is, only a look at the samples tells.",
                "c": "A diverging loss grows; this one is the loss of an honest coin.",
                "d": "In the lesson the game that collapsed rests here; the games that found all modes rest lower.",
            },
        ),
        "q2": Question(
            "Early in training the discriminator is sure of itself: $D(G(z)) = 0.001$. Why does the generator then not "
            "minimise $\\log(1 - D(G(z)))$?",
            {
                "a": "The logarithm of a number so near to 1 cannot be computed with 32 bits.",
                "b": "Its minimum lies elsewhere than that of $-\\log D(G(z))$, the loss that is used instead.",
                "c": "It would need labels.",
                "d": "Its slope with respect to the logit is only about 0.001.",
            },
            answer="d",
            why={
                "a": "It is about -0.001, a harmless number, also with 32 bits.",
                "b": "Both are lowest where D is 1: they differ in their slopes, not in their aim.",
                "c": "Neither loss looks at labels.",
                "d": "The slope is -D for this loss and -(1 - D) for the other, nearly a thousand times as steep at D "
                "= 0.001.",
            },
        ),
        "q3": Question(
            "The lesson's ring: the generator makes five steps for each one of the discriminator, and all its points "
            "gather in one place. What brought the other modes back there?",
            {
                "a": "More steps for the discriminator than for the generator.",
                "b": "Playing on with the same settings: the other modes come one after the other.",
                "c": "A smaller latent space, so that each of its points counts for more.",
                "d": "A critic with gradient penalty, at one step for five of the generator.",
            },
            answer="a",
            why={
                "a": "Ahead, the ordinary discriminator found all modes, and so did the critic with its penalty.",
                "b": "The heap wandered from mode to mode; it never gathered them.",
                "c": "One latent number can hold many modes: the latent space is seldom what is missing.",
                "d": "Such a critic is left behind as well: on the ring it found at most one mode of eight (try it).",
            },
        ),
        "q4": Question(
            "A finished GAN's discriminator judges test images. Why is its verdict a poor anomaly score?",
            {
                "a": "It is a probability: a score that should rank images must not be bounded.",
                "b": "It was trained on normal images only, and therefore calls everything normal.",
                "c": "All it knows of what is not normal is this generator's mistakes.",
                "d": "It is not differentiable, so nothing can be learnt from it.",
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


@task("13.13", "Reading the game", passed="You can tell from a curve and a handful of samples who is winning, and why.")
def reading_the_game(answers: Any) -> None:
    """Concept question: equilibrium, saturation, collapse, the verdict as a score."""
    game_quiz.grade(answers)


difference_quiz = Quiz(
    {
        "q1": Question(
            "Where does the latent code $z$ of a test image come from?",
            {
                "a": "In both from an encoder that was trained together with the decoder.",
                "b": "In an autoencoder from its encoder; in AnoGAN from a search.",
                "c": "In AnoGAN from the discriminator's features; in an autoencoder from its encoder.",
                "d": "In AnoGAN it is drawn at random once, and used for all images.",
            },
            answer="b",
            why={
                "a": "AnoGAN has no encoder: its generator only knows the way from z to image.",
                "b": "AnoGAN never learns the way back: it searches, by gradient descent and for each image anew.",
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
                "d": "An autoencoder to copy; a generator to pass as real.",
            },
            answer="d",
            why={
                "a": "A generator is never shown an image that it should rebuild.",
                "b": "No anomalous image is seen in training by either.",
                "c": "It is the other way round.",
                "d": "So a generator's outputs look normal wherever z is, and rebuilding comes afterwards.",
            },
        ),
        "q3": Question(
            "What does scoring ONE image cost?",
            {
                "a": "Both need one pass forward, since nothing is trained any more.",
                "b": "AnoGAN dozens to hundreds of passes, an autoencoder one.",
                "c": "An autoencoder needs more: it has to run its encoder as well.",
                "d": "AnoGAN needs one pass, but the discriminator must be trained anew for each image.",
            },
            answer="b",
            why={
                "a": "That holds for the autoencoder, and for f-AnoGAN, whose encoder was invented for it.",
                "b": "Each step of the search is a forward and a backward pass. That is what f-AnoGAN's encoder saves.",
                "c": "One encoder is little beside a search of dozens of steps.",
                "d": "Nothing is trained at test time, neither generator nor discriminator: only z moves.",
            },
        ),
        "q4": Question(
            "A normal test image of a kind that the generator dropped when it collapsed is scored. What happens?",
            {
                "a": "AnoGAN scores it high, an autoencoder does not.",
                "b": "Both score it low: a search finds every normal image.",
                "c": "Both score it high, since such images are rare.",
                "d": "AnoGAN gives no score: its search does not end.",
            },
            answer="a",
            why={
                "a": "No z leads to it, so collapse turns into false alarms; an autoencoder was taught to rebuild it.",
                "b": "The search only reaches what the generator can make.",
                "c": "It was in the training data; an autoencoder pays for every image that it rebuilds badly.",
                "d": "It ends after its number of steps, at the nearest image that the generator can make.",
            },
        ),
    }
)


@task(
    "13.14",
    "AnoGAN and the autoencoder",
    passed="Where the code comes from, what was trained for, what a score costs: three differences, and their price.",
)
def anogan_differences(answers: Any) -> None:
    """Concept question: three differences between AnoGAN and an autoencoder, and what collapse does to a score."""
    difference_quiz.grade(answers)
