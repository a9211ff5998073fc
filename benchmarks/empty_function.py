"""The function that ours are compared with: it imports Firestore and numpy, makes a client and answers."""

import os

import numpy as np
from firebase_functions import https_fn
from flask import Request, Response
from google.cloud import firestore


@https_fn.on_request()
def empty(request: Request) -> Response:
    """Answer with what was imported, and read nothing."""
    client = firestore.Client(project=os.environ["GCLOUD_PROJECT"])
    return Response(f"{client.project} {np.__version__}")
