"""Cases: pictures to be judged on, with what is known about them."""
