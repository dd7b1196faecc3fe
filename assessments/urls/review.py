from django.urls import path

from assessments.views import review, review_moves, review_queue

urlpatterns = [
    path("verifikasi/", review_queue.review_queue, name="review_queue"),
    path("penilaian/<int:pk>/verifikasi/", review.review_overview, name="review_overview"),
    path("penilaian/<int:pk>/verifikasi/<slug:code>/", review.review, name="review"),
    path("penilaian/<int:pk>/kembalikan/", review_moves.return_assessment, name="return"),
    path("penilaian/<int:pk>/setujui/", review_moves.approve, name="approve"),
]
